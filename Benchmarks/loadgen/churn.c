// Churn: each of CONNECTIONS clients connects, has one message echoed, closes and starts over.
#define _GNU_SOURCE
#include "loadgen.h"

#include <errno.h>
#include <liburing.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum operation { CONNECT, SEND, RECEIVE };

struct client {
    int descriptor;
    uint64_t begun;     // start of the current connection
    uint64_t offset;    // of the current message in the client's stream
    size_t received;    // bytes of the current reply already here
    unsigned char *reply;
};

static struct client *clients;
static struct sockaddr_storage address;
static socklen_t address_length;

static uint64_t tag(enum operation operation, unsigned id)
{
    return (uint64_t)operation << 32 | id;
}

static void begin(unsigned id)
{
    struct client *client = &clients[id];
    client->begun = now_ns();
    client->received = 0;
    client->descriptor = dial_prepare(id + 1);
    if (client->descriptor < 0) return;
    struct io_uring_sqe *entry = ring_entry();
    io_uring_prep_connect(entry, client->descriptor, (struct sockaddr *)&address, address_length);
    io_uring_sqe_set_data64(entry, tag(CONNECT, id));
}

static void receive(unsigned id)
{
    struct client *client = &clients[id];
    struct io_uring_sqe *entry = ring_entry();
    io_uring_prep_recv(entry, client->descriptor, client->reply + client->received, options.size - client->received,
                       MSG_WAITALL);
    // The server has not read the message yet, so a first attempt would be wasted.
    entry->ioprio |= IORING_RECVSEND_POLL_FIRST;
    io_uring_sqe_set_data64(entry, tag(RECEIVE, id));
}

static void connected(unsigned id)
{
    struct client *client = &clients[id];
    struct io_uring_sqe *entry = ring_entry();
    io_uring_prep_send(entry, client->descriptor, pattern_at(id, client->offset), options.size,
                       MSG_WAITALL | MSG_NOSIGNAL);
    // Failures still complete; the reply shows a success.
    entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(entry, tag(SEND, id));
    receive(id);
}

static void received(unsigned id, size_t length)
{
    struct client *client = &clients[id];
    client->received += length;
    if (client->received < options.size) {
        receive(id);
        return;
    }
    if (memcmp(client->reply, pattern_at(id, client->offset), options.size)) {
        fail("client %u: wrong bytes", id);
        return;
    }
    client->offset += options.size;
    close(client->descriptor);
    window_message(now_ns() - client->begun, options.size);
    begin(id);
}

static void completed(const struct io_uring_cqe *completion)
{
    static const char *const names[] = {[CONNECT] = "connect", [SEND] = "send", [RECEIVE] = "receive"};
    unsigned id = (uint32_t)completion->user_data;
    enum operation operation = (enum operation)(completion->user_data >> 32);
    bool closed = operation != CONNECT && completion->res == 0;
    if (completion->res < 0 || closed)
        fail("client %u: %s: %s", id, names[operation], closed ? "closed by the server" : strerror(-completion->res));
    else if (operation == CONNECT)
        connected(id);
    else if (operation == RECEIVE)
        received(id, (size_t)completion->res);
}

void churn_run(void)
{
    ring_open();
    address_length = dial_address(&address);
    clients = calloc(options.connections, sizeof *clients);
    window_start();
    for (unsigned id = 0; id < options.connections && !errors; id++) {
        clients[id].reply = malloc(options.size);
        begin(id);
    }
    ring_run(completed);
    for (unsigned id = 0; id < options.connections && !errors; id++)
        if (now_ns() - clients[id].begun > LOST_NS) fail("client %u: no answer for the last second", id);
}
