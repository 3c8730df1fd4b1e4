"""Running the workload: schedule, rounds, instruction counts, statistics, circumstances."""
