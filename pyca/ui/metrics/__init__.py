"""What Prometheus reads of the agent."""
