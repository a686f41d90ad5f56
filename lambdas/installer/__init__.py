"""The installer function: brings a member cluster what it needs and takes it out again, at CloudFormation's request."""
