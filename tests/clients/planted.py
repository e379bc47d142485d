"""What only somebody else can do, put into a family's world before it begins: family -> table -> key -> row."""

LATER = 4102444800  # the year 2100

# Addresses that another account offers.
OFFERED, ENDED, IN_USE, NAMED = ("198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.4")

# Replication as the cutover function finds it: current, late, silent, stopped, still loading.
INSTANCE = "arn:aws:dms:us-east-1:123456789012:rep:CLIENTS"
TASKS = {name: f"arn:aws:dms:us-east-1:123456789012:task:clients-{name}"
         for name in ("current", "late", "silent", "stopped", "loading", "back", "back-late", "missing")}
MAPPINGS = '{"rules": [{"rule-type": "selection", "rule-id": "1", "rule-name": "1", "rule-action": "include", ' \
           '"object-locator": {"schema-name": "public", "table-name": "payment%"}}]}'


def task(name, kind="full-load-and-cdc", status="running", since=1, **more):
    """A task that runs since that millisecond; since never without one."""
    return {"ReplicationTaskIdentifier": f"clients-{name}", "ReplicationTaskArn": TASKS[name], "ReplicationInstanceArn": INSTANCE,
            "SourceEndpointArn": "arn:aws:dms:us-east-1:123456789012:endpoint:A", "TargetEndpointArn": "arn:aws:dms:us-east-1:123456789012:endpoint:B",
            "MigrationType": kind, "Status": status, "TableMappings": MAPPINGS, "ReplicationTaskSettings": "{}",
            "_region": "us-east-1", "_tags": [], "_run": since, "_fresh": since, "_active": 0, **more}


LATE = [[0, LATER * 1000, 300.0]]

# Stacks that somebody deployed.
STACK = "arn:aws:cloudformation:%s:123456789012:stack/%s/00000000-0000-4000-8000-000000000000"


def stack(name, status="CREATE_COMPLETE", region="us-east-1", imports=(), outputs=(), **more):
    """A stack as the world keeps it."""
    return f"{region}/{name}", {
        "StackId": STACK % (region, name), "StackName": name, "StackStatus": status, "CreationTime": 1700000000.0,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"}, "Outputs": list(outputs), "Parameters": [], "Tags": [],
        "NotificationARNs": [], "DisableRollback": False, "_imports": list(imports), "_region": region, **more}


def output(name, value, export=None):
    return {"OutputKey": name, "OutputValue": value, **({"ExportName": export} if export else {})}


ROWS = {
    "cutover": {
        "dms.instance": {INSTANCE: {"ReplicationInstanceIdentifier": "dms-clients", "ReplicationInstanceArn": INSTANCE,
                                    "ReplicationInstanceStatus": "available", "_region": "us-east-1", "_tags": []}},
        "dms.task": {row["ReplicationTaskArn"]: row for row in (
            task("current"), task("late", _lag=LATE), task("silent", "cdc", since=None), task("stopped", status="stopped"),
            task("loading", since=None), task("back", "cdc"), task("back-late", "cdc", _lag=LATE))},
    },
    "stacks": {"cloudformation.stack": dict([
        stack("network", "UPDATE_COMPLETE", outputs=[output("Vpc", "vpc-1", "network-vpc"), output("Plain", "p")]),
        stack("user", imports=["network-vpc"]),
        stack("gone", "DELETE_COMPLETE", DeletionTime=1700000001.0, Description="was here"),
        stack("abroad", region="eu-west-1", outputs=[output("Far", "f", "far")]),
        *(stack(f"many-{at}", outputs=[output("O", str(at), f"export-{at}")]) for at in range(120))])},
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
