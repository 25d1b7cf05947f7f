#include "schema_internal.h"
int schema_format(const char *format, const char *text) { (void)format; (void)text; return -1; }
