"""What everything else stands on: effects, messages, times, URLs, values, redaction. Knows no endpoint and no token."""
