"""What a recording is made of: exchanges, how they are captured and redacted, and the forms in which they are shown."""
