"""A clusterset that makes every kind of role, and gives each everything that it can be given."""

from typing import Final

HOME: Final = "111111111111"
GUESTS: Final = "222222222222"
HERE: Final = "us-east-1"

EVERYTHING: Final = f"""
clusterset: all
hub: {{account: "{HOME}", region: {HERE}}}
clusters:
  - {{id: plain, eks: all-plain}}
  - {{id: signed, eks: all-signed, identity: irsa, oidc_issuer: "https://oidc.eks.{HERE}.amazonaws.com/id/0123ABCD"}}
  - {{id: far, eks: all-far, region: eu-west-1}}
  - id: guest
    eks: all-guest
    account: "{GUESTS}"
    functions_account: "{HOME}"
    network: {{subnets: [subnet-00000001], security_groups: [sg-00000001]}}
  - {{id: abroad, eks: all-abroad, account: "{GUESTS}"}}
"""
