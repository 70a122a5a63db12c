"""Sources of credentials that something else issues: files, variables, URLs, commands, platforms."""
