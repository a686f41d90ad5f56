"""What every function behind a custom resource shares: CloudFormation's request as a value, and the answer to it."""
