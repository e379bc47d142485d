"""What only somebody else can do, put into a family's world before it begins: family -> table -> key -> row."""

LATER = 4102444800  # the year 2100

# Addresses that another account offers.
OFFERED, ENDED, IN_USE, NAMED = ("198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.4")

ROWS = {
    "nat": {"ec2.address-transfer": {
        OFFERED: {"TransferOfferExpirationTimestamp": LATER},
        ENDED: {"TransferOfferExpirationTimestamp": 1},
        IN_USE: {"TransferOfferExpirationTimestamp": LATER, "AssociationId": "eipassoc-00000000000000000"},
        NAMED: {"TransferOfferExpirationTimestamp": LATER, "PtrRecord": "mail.example.com."},
    }},
    "fleet": {
        "ec2.vpn-connection": {"vpn-0123456789abcdef0": {
            "VpnConnectionId": "vpn-0123456789abcdef0", "VpnGatewayId": "vgw-0123456789abcdef0", "CustomerGatewayId": "cgw-0123456789abcdef0",
            "State": "available", "Type": "ipsec.1", "Category": "VPN", "Tags": [{"Key": "Name", "Value": "old-site"}], "_region": "us-east-1",
            "Routes": [{"DestinationCidrBlock": "172.16.0.0/12", "Source": "Static", "State": "available"}]}},
        "ec2.vpn-gateway": {"vgw-0123456789abcdef0": {
            "VpnGatewayId": "vgw-0123456789abcdef0", "State": "available", "Type": "ipsec.1", "VpcAttachments": [], "AmazonSideAsn": 64512,
            "Tags": [], "_region": "us-east-1"}},
    },
}
