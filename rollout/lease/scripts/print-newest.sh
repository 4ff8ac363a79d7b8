# After newest.sh. $1 the folder of leases. Prints the newest generation and its record.
print_newest "$1"
