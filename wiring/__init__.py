"""How the parts of the process stand together; nothing else imports it but `main`."""
