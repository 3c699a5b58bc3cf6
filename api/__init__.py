"""HTTP front end over services/."""
