"""What outlives an invocation: DynamoDB through PynamoDB, keys in Secrets Manager."""
