#include <stdint.h>
#include <stdlib.h>

/* Rust defines these. */
extern uint64_t rust_counter;
uint64_t rust_visit(void *context, uint64_t value);

/* Rust's definition prevails over this one. */
__attribute__((weak)) const char *native_name(void) { return "weak, of C"; }
/* Nobody else defines this one. */
__attribute__((weak)) const char *native_default(void) { return "default of C"; }
/* May be defined nowhere. */
__attribute__((weak)) extern void native_missing(void);

uint64_t native_variable = 17;
static int order(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    rust_counter++;
    return (x > y) - (x < y);
}

int native_has_missing(void) { return native_missing != 0; }
const char *native_chosen(void) { return native_name(); }

uint64_t native_walk(void *context, uint64_t *values, uint64_t count) {
    uint64_t sum = 0;
    qsort(values, count, sizeof *values, order);
    for (uint64_t i = 0; i < count; i++) sum += rust_visit(context, values[i]);
    return sum;
}

typedef int (*compare)(const void *, const void *);
void native_sort(uint64_t *values, uint64_t count, compare with) { qsort(values, count, sizeof *values, with); }

__attribute__((constructor)) static void at_start(void) { rust_counter += 1000; native_variable += 1; }
