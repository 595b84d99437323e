"""Write single products, as shops send them while they change."""
