/*
 * idna.h - host names: letters, digits and hyphens (RFC 1123), and the labels of
 * internationalised ones (RFC 5890 to 5893). Unicode's properties come from
 * libpcre2. For this room. Thread safety: reentrant.
 */
#ifndef MLOPS_JSON_IDNA_H
#define MLOPS_JSON_IDNA_H

/* 1 when it is a host name; `wide` allows U-labels and the other full stops.
 * Labels that start with xn-- must decode to a valid U-label. */
int idna_check(const char *host, int wide);

/* 1 when every label has letters, digits, hyphens or characters past ASCII: what
 * mail servers take before they normalise a domain. */
int idna_check_loose(const char *host);

#endif
