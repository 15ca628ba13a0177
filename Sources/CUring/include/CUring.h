// liburing for Swift: the library, constants that its older headers lack, and the data path as inline C.
//
// Set-up, mapping and the prep helpers come from liburing (2.3 or later). The data path is implemented here, because
// liburing 2.3 supports neither absolute wait times nor NO_IOWAIT, and because inline C has no call cost in Swift.
// Never pass IORING_SETUP_NO_SQARRAY through liburing: 2.3 writes its identity array over the ring's head and tail.

#ifndef CURING_H
#define CURING_H

#if defined(__has_include)
#if !__has_include(<liburing.h>)
#error "liburing-dev is missing: apt-get install liburing-dev"
#endif
#endif

// Included before liburing.h, which defines _GNU_SOURCE: Swift's Glibc module is built without it, and both modules
// must agree on types like fd_set.
#include <features.h>

#include <liburing.h>

#include "newer.h"
#include "queues.h"
#include "faults.h"
#include "registration.h"

#endif
