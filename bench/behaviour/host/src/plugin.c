#include <stdint.h>

/* Of the program that loads this. */
extern uint64_t host_level;
uint64_t host_add(uint64_t a, uint64_t b);
uint64_t host_risky(uint64_t n);

uint64_t plugin_run(uint64_t n) {
    host_level += n;
    return host_add(host_level, n);
}


uint64_t plugin_risk(uint64_t n) { return host_risky(n) + 1; }
