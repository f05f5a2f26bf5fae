"""`comenq mcp`: an MCP server over standard input and output, for agents.

`tools` says what is offered, `calls` what each tool does; they know nothing of the protocol.
`server` and `stdio` speak it, by the official SDK.
"""
