"""What the gateways promise, whatever the operation behind them."""
