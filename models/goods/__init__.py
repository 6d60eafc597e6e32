"""What is sold and repaired: the choices that several registers share, and the stock of spare parts."""
