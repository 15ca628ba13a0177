// The parser of HTTP messages that Debian ships: plain C, fed with bytes in pieces of any size.

#ifndef CHTTPPARSER_H
#define CHTTPPARSER_H

#if defined(__has_include)
#if !__has_include(<http_parser.h>)
#error "libhttp-parser-dev is missing: apt-get install libhttp-parser-dev"
#endif
#endif

#include <http_parser.h>

#endif
