"""What a size of audience will take: time, cores, memory, disk and money, from measured unit costs."""
