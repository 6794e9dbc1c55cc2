"""What drivers tell the operator: faults of connectors, disputes of orders, suggestions; and what they are answered."""
