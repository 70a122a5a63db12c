"""Methods of client authentication whose proof comes from elsewhere; `client_authentication` exports them."""
