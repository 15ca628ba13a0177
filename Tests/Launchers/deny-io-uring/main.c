// deny-io-uring EPERM|ENOSYS command...: runs a command and its child processes without io_uring.
//
// Like a container, it installs a seccomp filter that fails the three system calls with the errno. The command finds
// the name of the errno in PROACTOR_EXPECT_DENIAL.

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

// These numbers are the same on all architectures.
enum { FIRST_CALL = 425 /* io_uring_setup */, LAST_CALL = 427 /* io_uring_register */ };

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "deny-io-uring supports x86_64 and aarch64 only"
#endif

static int deny(unsigned int number) {
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FIRST_CALL, 0, 2),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, LAST_CALL, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (number & SECCOMP_RET_DATA)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {.len = sizeof program / sizeof program[0], .filter = program};
    // Without this, only root may install a filter.
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0);
}

static unsigned int number_of(const char *name) {
    if (strcmp(name, "EPERM") == 0) return EPERM;
    if (strcmp(name, "ENOSYS") == 0) return ENOSYS;
    return 0;
}

int main(int count, char **arguments) {
    unsigned int number = count > 2 ? number_of(arguments[1]) : 0;
    if (number == 0) {
        fprintf(stderr, "usage: %s EPERM|ENOSYS command...\n", count > 0 ? arguments[0] : "deny-io-uring");
        return 2;
    }
    if (deny(number) != 0 || setenv("PROACTOR_EXPECT_DENIAL", arguments[1], 1) != 0) {
        perror("deny-io-uring");
        return 125;
    }
    execvp(arguments[2], arguments + 2);
    int status = errno == ENOENT ? 127 : 126;
    perror(arguments[2]);
    return status;
}
