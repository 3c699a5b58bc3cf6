"""The attack list against the whole way of a link: everything real but the internet."""
