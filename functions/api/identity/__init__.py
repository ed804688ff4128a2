"""Who may come in: logins, tokens, second factors, users and their preferences."""
