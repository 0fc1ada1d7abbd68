/*
 * The load generator: keeps <connections> requests in flight until <calls> are answered, or sends <rate> a second, and
 * checks that every answer carries the id of its request. One thread, epoll.
 *
 *   load <port> <connections> <calls> <rate, 0 for as fast as answered> <file with one HTTP request>
 *
 * The file holds "@@@@@@@@@@" where the ten digits of the id go. Prints one line of JSON.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_BYTES_MAX = 4 << 20, STALL_MS = 20000 };

typedef struct {
  int fd, busy;
  long call;
  double due;
  size_t length, room;
  char *answer;
} Connection;

static char request[1 << 16];
static size_t request_length;
static char *id_at;
static Connection *connections;
static int connection_count;
static long call_count, sent, answered, failures;
static double *latencies, bytes_in;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static long id_of(long call) { return 1000000000L + call; }

static int send_call(Connection *c, double due) {
  char id[32];
  snprintf(id, sizeof id, "%010ld", id_of(sent));
  memcpy(id_at, id, 10);
  c->call = sent++;
  c->busy = 1;
  c->due = due;
  c->length = 0;
  return write(c->fd, request, request_length) == (ssize_t)request_length ? 0 : -1;
}

/* Content-Length, or chunks up to the empty one. */
static int is_whole(const Connection *c) {
  const char *end = strstr(c->answer, "\r\n\r\n");
  if (!end) return 0;
  const char *length = strcasestr(c->answer, "\r\ncontent-length:");
  if (length && length < end) return c->answer + c->length - (end + 4) >= atol(length + 17);
  return c->length > 7 && !memcmp(c->answer + c->length - 7, "\r\n0\r\n\r\n", 7);
}

static int is_right(const Connection *c) {
  char id[32], spaced[32];
  snprintf(id, sizeof id, "\"id\":%ld", id_of(c->call));
  snprintf(spaced, sizeof spaced, "\"id\": %ld", id_of(c->call));
  int has_id = memmem(c->answer, c->length, id, strlen(id)) || memmem(c->answer, c->length, spaced, strlen(spaced));
  return has_id && !strncmp(c->answer, "HTTP/1.1 200", 12) && memmem(c->answer, c->length, "\"result\"", 8) &&
         !memmem(c->answer, c->length, "\"isError\":true", 14);
}

static void finish(Connection *c) {
  if (!is_right(c) && failures++ == 0) fprintf(stderr, "wrong answer to %ld: %.300s\n", id_of(c->call), c->answer);
  latencies[answered++] = now() - c->due;
  bytes_in += (double)c->length;
  c->busy = 0;
}

static int receive(Connection *c) {
  for (;;) {
    if (c->length + 65537 > c->room) {
      c->room = c->room ? c->room * 2 : 1 << 17;
      if (c->room > ANSWER_BYTES_MAX) return -1;
      c->answer = realloc(c->answer, c->room);
      if (!c->answer) abort();
    }
    ssize_t got = recv(c->fd, c->answer + c->length, 65536, MSG_DONTWAIT);
    if (got < 0) return errno == EAGAIN ? 0 : -1;
    if (got == 0) return -1;
    c->length += (size_t)got;
    c->answer[c->length] = 0;
    if (c->busy && is_whole(c)) {
      finish(c);
      return 0;
    }
  }
}

static int connect_to(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return connect(fd, (struct sockaddr *)&address, sizeof address) ? -1 : fd;
}

static int read_request(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file) return -1;
  request_length = fread(request, 1, sizeof request - 1, file);
  fclose(file);
  id_at = strstr(request, "@@@@@@@@@@");
  return id_at ? 0 : -1;
}

static int by_size(const void *a, const void *b) {
  double d = *(const double *)a - *(const double *)b;
  return (d > 0) - (d < 0);
}

/* Microseconds to the next call that is due; a second when only answers are awaited, or a connection that is free. */
static double pause_of(double started, double rate) {
  if (rate <= 0 || sent == call_count) return 1e6;
  double pause = started + (double)sent * 1e6 / rate - now();
  if (pause >= 0) return pause;
  return sent - answered < connection_count ? 0 : 1e6;
}

static void send_due(double started, double rate) {
  for (int i = 0; i < connection_count && sent < call_count; i++) {
    if (connections[i].busy) continue;
    double due = rate > 0 ? started + (double)sent * 1e6 / rate : now();
    if (due > now()) return;
    if (send_call(&connections[i], due)) failures++;
  }
}

int main(int argc, char **argv) {
  if (argc != 6 || read_request(argv[5])) return 2;
  int port = atoi(argv[1]), epoll = epoll_create1(0);
  double rate = atof(argv[4]);
  connection_count = atoi(argv[2]);
  call_count = atol(argv[3]);
  connections = calloc((size_t)connection_count, sizeof *connections);
  latencies = calloc((size_t)call_count + 1, sizeof *latencies);
  if (!connections || !latencies) return 1;
  for (int i = 0; i < connection_count; i++) {
    connections[i].fd = connect_to(port);
    if (connections[i].fd < 0) return perror("connect"), 1;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};
    epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &event);
  }
  double started = now(), heard = started;
  while (answered < call_count) {
    struct epoll_event events[256];
    send_due(started, rate);
    double pause = pause_of(started, rate);
    struct timespec limit = {(time_t)(pause / 1e6), (long)((pause - 1e6 * (double)(long)(pause / 1e6)) * 1e3)};
    int ready = epoll_pwait2(epoll, events, 256, &limit, NULL);
    if (ready > 0) heard = now();
    else if (now() - heard > STALL_MS * 1e3) return fprintf(stderr, "no answer for %d ms\n", STALL_MS), 1;
    for (int i = 0; i < ready; i++) {
      Connection *c = events[i].data.ptr;
      if (receive(c)) return fprintf(stderr, "connection lost: %.200s\n", c->answer ? c->answer : ""), 1;
    }
  }
  double wall = now() - started;
  qsort(latencies, (size_t)answered, sizeof *latencies, by_size);
  printf("{\"calls\":%ld,\"failures\":%ld,\"wallUs\":%.0f,\"bytesIn\":%.0f,\"p50Us\":%.0f,\"p99Us\":%.0f}\n", answered, failures, wall,
         bytes_in, latencies[answered / 2], latencies[answered * 99 / 100]);
  return 0;
}
