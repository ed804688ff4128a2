"""What has happened: histories, results, the audit log."""
