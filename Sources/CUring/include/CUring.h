// liburing for Swift: what the library has, what its older headers lack, and the hot path as inline C.
//
// Set-up, mapping and the prep helpers are liburing's (2.3 or later). The hot path is ours, because liburing 2.3 can
// neither wait until an absolute time nor say NO_IOWAIT, and because inline C costs Swift nothing.
// Never pass IORING_SETUP_NO_SQARRAY through liburing: 2.3 writes its identity array over the ring's head and tail.

#ifndef CURING_H
#define CURING_H

#if defined(__has_include)
#if !__has_include(<liburing.h>)
#error "liburing-dev is missing: apt-get install liburing-dev"
#endif
#endif

// Before liburing.h, which defines _GNU_SOURCE: Swift's own C library module was built without it, and the two modules
// must agree on types like fd_set.
#include <features.h>

#include <liburing.h>

#include "newer.h"
#include "queues.h"
#include "faults.h"
#include "registration.h"

#endif
