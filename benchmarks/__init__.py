"""What comenq costs, beside what it is measured against."""
