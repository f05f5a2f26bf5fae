"""What every process of the daemon uses: its log, its clock, its stop signal, its hardening."""
