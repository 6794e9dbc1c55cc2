/* Load generator of the gateway benches: one epoll loop that costs far less than the server it drives.

   loadgen SCRIPT HOST PORT
   SCRIPT holds, for each connection, in native byte order: u32 source address (network order), then three blobs, each
   u32 length + bytes: the login, write A and write B (either may be empty).
   It connects, logs in, prints "ready N", then obeys lines on standard input:
     pingpong SECONDS   every connection repeats write A and waits for its answer before the next
     pairs SECONDS      of two neighbours one sends write A and the other write B; when B is answered they change parts,
                        so that writes without an answer are never read together with another one
   and prints "sent WRITES answered ANSWERS" after each. An answer is a frame of type 0x04, or, with "echo" as fourth
   argument, as many bytes as were written. Frames that begin with D are DNY: there 0x20 welcomes and 0x21 is an answer.
   End of input ends it. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* While a round runs the generator looks for answers at intervals and never sleeps inside epoll_wait: waking it would be
   charged to the server's send, and only to a server slow enough to let it fall asleep. */
enum { REST_US = 100 };

struct blob { uint32_t size; unsigned char *bytes; };
struct conn {
    int fd, welcomed;
    uint32_t source, have, owed;
    struct blob login, write[2];
    unsigned char rest[260];
};

static struct conn *conns;
static int count, loop, echo;
static enum { IDLE, PINGPONG, PAIRS } mode;
static long sent, answered;

static void fail(const char *what) { perror(what); exit(1); }

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void put(struct conn *c, struct blob *b) {
    if (write(c->fd, b->bytes, b->size) != (ssize_t)b->size) fail("write");
    c->owed += b->size;
    sent++;
}

static void put_pair(struct conn *a, struct conn *b) {
    put(a, &a->write[0]);
    put(b, &b->write[1]);
}

static void got_answer(struct conn *c) {
    struct conn *neighbour = &conns[(c - conns) ^ 1];
    answered++;
    if (mode == PINGPONG) put(c, &c->write[0]);
    if (mode == PAIRS && !(echo && neighbour->owed)) put_pair(c, neighbour);
}

static void got_frame(struct conn *c, int type, int welcome, int answer) {
    if (type == welcome) c->welcomed = 1;
    if (type == answer) got_answer(c);
}

static void take(struct conn *c, unsigned char *data, uint32_t size) {
    if (echo) {
        c->welcomed = 1;
        c->owed -= size < c->owed ? size : c->owed;
        if (!c->owed) got_answer(c);
        return;
    }
    uint32_t at = 0;
    while (size - at >= 6) {
        int dny = data[at] == 'D';
        uint32_t whole = dny ? (data[at + 3] | data[at + 4] << 8) + 5u : data[at + 1] + 4u;
        if (data[at] != 0x68 && !dny) { fprintf(stderr, "the server sent no frame\n"); exit(1); }
        if (size - at < whole) break;
        if (dny) got_frame(c, data[at + 11], 0x20, 0x21);
        else got_frame(c, data[at + 5], 0x02, 0x04);
        at += whole;
    }
    c->have = size - at;
    if (c->have > sizeof c->rest) { fprintf(stderr, "frame too long\n"); exit(1); }
    memmove(c->rest, data + at, c->have);
}

static void poll_once(int wait_ms) {
    static struct epoll_event events[1024];
    static unsigned char buffer[65536];
    int ready = epoll_wait(loop, events, 1024, wait_ms);
    for (int i = 0; i < ready; i++) {
        struct conn *c = events[i].data.ptr;
        if (c->have) memcpy(buffer, c->rest, c->have);
        ssize_t size = read(c->fd, buffer + c->have, sizeof buffer - c->have);
        if (size <= 0) { fprintf(stderr, "connection %ld lost\n", (long)(c - conns)); exit(1); }
        take(c, buffer, c->have + (uint32_t)size);
    }
}

static void read_blob(FILE *f, struct blob *b) {
    if (fread(&b->size, 4, 1, f) != 1) fail("script");
    b->bytes = malloc(b->size + 1);
    if (fread(b->bytes, 1, b->size, f) != b->size) fail("script");
}

static void load(const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f || fread(&count, 4, 1, f) != 1) fail(path);
    conns = calloc(count, sizeof *conns);
    for (int i = 0; i < count; i++) {
        if (fread(&conns[i].source, 4, 1, f) != 1) fail("script");
        read_blob(f, &conns[i].login);
        read_blob(f, &conns[i].write[0]);
        read_blob(f, &conns[i].write[1]);
    }
    fclose(f);
}

static void dial(struct conn *c, struct sockaddr_in *to) {
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = c->source};
    int on = 1;
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0) fail("socket");
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(c->fd, (struct sockaddr *)&from, sizeof from)) fail("bind");
    if (connect(c->fd, (struct sockaddr *)to, sizeof *to)) fail("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(loop, EPOLL_CTL_ADD, c->fd, &e)) fail("epoll_ctl");
    put(c, &c->login);
}

static int welcomed(void) {
    int n = 0;
    for (int i = 0; i < count; i++) n += conns[i].welcomed;
    return n;
}

static void run(double until) {
    if (mode == PINGPONG) for (int i = 0; i < count; i++) put(&conns[i], &conns[i].write[0]);
    if (mode == PAIRS) for (int i = 0; i + 1 < count; i += 2) put_pair(&conns[i], &conns[i + 1]);
    while (now() < until) {
        usleep(REST_US);
        poll_once(0);
    }
    mode = IDLE;
}

int main(int argc, char **argv) {
    if (argc < 4) { fprintf(stderr, "usage: loadgen SCRIPT HOST PORT [echo]\n"); return 2; }
    echo = argc > 4;
    load(argv[1]);
    loop = epoll_create1(0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[3]))};
    inet_pton(AF_INET, argv[2], &to.sin_addr);
    for (int i = 0; i < count; i++) {
        dial(&conns[i], &to);
        if (i % 64 == 63) poll_once(0);
    }
    double patience = now() + 120;
    while (welcomed() < count && now() < patience) poll_once(50);
    printf("ready %d\n", welcomed());
    fflush(stdout);
    char line[128], verb[32];
    for (;;) {
        struct timeval idle = {0, 50000};
        fd_set in;
        FD_ZERO(&in);
        FD_SET(0, &in);
        poll_once(0);
        if (select(1, &in, NULL, NULL, &idle) <= 0) continue;
        if (!fgets(line, sizeof line, stdin)) return 0;
        double seconds = 1;
        sscanf(line, "%31s %lf", verb, &seconds);
        sent = answered = 0;
        mode = strcmp(verb, "pairs") ? PINGPONG : PAIRS;
        run(now() + seconds);
        long written = sent, replies = answered;
        printf("sent %ld answered %ld\n", written, replies);
        fflush(stdout);
        double rest = now() + 0.2;
        while (now() < rest) poll_once(10);
    }
}
