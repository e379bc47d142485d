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
}
