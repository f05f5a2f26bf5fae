"""A week of agents, pull requests and a review bot, on a simulated clock."""
