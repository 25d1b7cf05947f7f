/*
 * banned.h - functions that fail to compile here (after git's banned.h): they
 * overflow, ignore errors, go through a shell, or read JSON without regard to
 * case. Included before every file by the Makefile.
 */
#ifndef MLOPS_BANNED_H
#define MLOPS_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cjson/cJSON.h>

#define BANNED(f) sorry_##f##_is_banned

#undef strcpy
#define strcpy(a, b) BANNED(strcpy)
#undef strcat
#define strcat(a, b) BANNED(strcat)
#undef strncpy
#define strncpy(a, b, n) BANNED(strncpy)
#undef strncat
#define strncat(a, b, n) BANNED(strncat)
#undef sprintf
#define sprintf(...) BANNED(sprintf)
#undef vsprintf
#define vsprintf(...) BANNED(vsprintf)
#undef gets
#define gets(a) BANNED(gets)
#undef atoi
#define atoi(a) BANNED(atoi)
#undef atol
#define atol(a) BANNED(atol)
#undef atof
#define atof(a) BANNED(atof)
#undef system
#define system(a) BANNED(system)
#undef popen
#define popen(a, b) BANNED(popen)
#undef cJSON_GetObjectItem
#define cJSON_GetObjectItem(a, b) BANNED(cJSON_GetObjectItem)
#undef cJSON_Parse
#define cJSON_Parse(a) BANNED(cJSON_Parse)
#undef cJSON_Print
#define cJSON_Print(a) BANNED(cJSON_Print)

#endif
