/*
 * The MCP server behind everything that is measured: it answers from prepared bytes, so that its own cost is small and
 * equal for all. One thread, epoll, HTTP/1.1 with Content-Length; or lines on stdin and stdout.
 *
 *   echo http <tools>    listens on a free port of 127.0.0.1 and prints it
 *   echo stdio <tools>
 *
 * GET /count answers how many tools/call it saw, and how many carried the header "x-bench-key: bench-secret-value-0001".
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 4096, REQUEST_BYTES_MAX = 1 << 20 };

typedef struct {
  char *bytes;
  size_t length, room;
} Buffer;

static Buffer incoming[CONNECTIONS_MAX], outgoing[CONNECTIONS_MAX];
static const char JSON[] = "application/json";
static Buffer tool_list, reply;
static const Buffer nothing = {"", 0, 0};
static char *filler;
static long calls, keyed_calls;

static void append(Buffer *b, const char *bytes, size_t length) {
  if (b->length + length + 1 > b->room) {
    b->room = (b->length + length + 1) * 2;
    b->bytes = realloc(b->bytes, b->room);
    if (!b->bytes) abort();
  }
  memcpy(b->bytes + b->length, bytes, length);
  b->length += length;
  b->bytes[b->length] = 0;
}

static void say(Buffer *b, const char *text) { append(b, text, strlen(text)); }

static void prepare(int tools) {
  char line[512];
  filler = malloc(40000);
  if (!filler) abort();
  for (int i = 0; i < 40000; i++) filler[i] = "abcdefghijklmnopqrstuvwxyz 0123456789"[i % 37];
  say(&tool_list, "{\"tools\":[");
  for (int i = 0; i < tools; i++) {
    const int sizes[] = {280, 3500, 35000};
    char name[32];
    if (i < 3) snprintf(name, sizeof name, "echo_%d", sizes[i]);
    else snprintf(name, sizeof name, "tool_%04d", i);
    snprintf(line, sizeof line,
             "%s{\"name\":\"%s\",\"description\":\"Answers with text of a known length; number %d of the benchmark's catalogue, "
             "described in a sentence as long as such sentences are.\",\"inputSchema\":{\"type\":\"object\",\"properties\":"
             "{\"message\":{\"type\":\"string\",\"description\":\"Any text\"}},\"additionalProperties\":false},"
             "\"annotations\":{\"readOnlyHint\":true}}",
             i ? "," : "", name, i);
    say(&tool_list, line);
  }
  say(&tool_list, "]}");
}

/* The first member of that name: nothing the benchmark sends holds another before the one that is meant. */
static int value_of(const char *body, const char *member, char *value, size_t room) {
  const char *at = strstr(body, member);
  if (!at) return 0;
  at += strlen(member);
  while (*at == ' ') at++;
  size_t length = *at == '"' ? strcspn(at + 1, "\"") + 2 : strcspn(at, ",} ");
  if (length >= room) return 0;
  memcpy(value, at, length);
  value[length] = 0;
  return 1;
}

static int has_method(const char *body, const char *method) {
  char compact[64], spaced[64];
  snprintf(compact, sizeof compact, "\"method\":\"%s\"", method);
  snprintf(spaced, sizeof spaced, "\"method\": \"%s\"", method);
  return strstr(body, compact) || strstr(body, spaced);
}

/* Leaves the answer in `reply`; 0 when there is nothing to answer. */
static int answer(const char *body, int keyed) {
  char id[128];
  reply.length = 0;
  if (!value_of(body, "\"id\":", id, sizeof id)) return 0;
  say(&reply, "{\"jsonrpc\":\"2.0\",\"id\":");
  say(&reply, id);
  if (has_method(body, "tools/call")) {
    const char *size = strstr(body, "echo_");
    size_t length = size ? (size_t)atoi(size + 5) : 280;
    size_t around = reply.length + 60;
    calls++;
    keyed_calls += keyed;
    say(&reply, ",\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"");
    append(&reply, filler, length > around && length < 40000 ? length - around : 1);
    say(&reply, "\"}]}}");
  } else if (has_method(body, "tools/list")) {
    say(&reply, ",\"result\":");
    append(&reply, tool_list.bytes, tool_list.length);
    say(&reply, "}");
  } else if (has_method(body, "initialize")) {
    say(&reply, ",\"result\":{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"tools\":{}},"
                "\"serverInfo\":{\"name\":\"echo\",\"version\":\"1.0.0\"}}}");
  } else if (has_method(body, "ping")) {
    say(&reply, ",\"result\":{}}");
  } else {
    say(&reply, ",\"error\":{\"code\":-32601,\"message\":\"Method not found\"}}");
  }
  return 1;
}

static void respond(int fd, const char *status, const char *type, const Buffer *body) {
  char head[160];
  snprintf(head, sizeof head, "HTTP/1.1 %s\r\ncontent-type: %s\r\ncontent-length: %zu\r\n\r\n", status, type, body->length);
  say(&outgoing[fd], head);
  append(&outgoing[fd], body->bytes, body->length);
}

/* The answer to a call that wants progress: three events of it, then the one that holds the reply. */
static void respond_in_events(int fd, const char *token) {
  static Buffer events;
  char line[256];
  events.length = 0;
  for (int i = 1; i <= 3; i++) {
    snprintf(line, sizeof line,
             "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":%s,"
             "\"progress\":%d,\"total\":4}}\n\n", token, i);
    say(&events, line);
  }
  say(&events, "data: ");
  append(&events, reply.bytes, reply.length);
  say(&events, "\n\n");
  respond(fd, "200 OK", "text/event-stream", &events);
}

static void flush(int epoll, int fd) {
  Buffer *out = &outgoing[fd];
  ssize_t sent = out->length ? write(fd, out->bytes, out->length) : 0;
  if (sent > 0) {
    out->length -= (size_t)sent;
    if (out->length) memmove(out->bytes, out->bytes + sent, out->length);
  }
  struct epoll_event event = {.events = EPOLLIN | (out->length ? EPOLLOUT : 0), .data.fd = fd};
  epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
}

/* How many bytes of `in` one whole request took; 0 when more must come, -1 when it is not for us. */
static long serve(int fd, Buffer *in) {
  char *end = in->length ? strstr(in->bytes, "\r\n\r\n") : NULL;
  if (!end) return in->length > REQUEST_BYTES_MAX ? -1 : 0;
  *end = 0;
  char *length_at = strcasestr(in->bytes, "content-length:");
  size_t length = length_at ? strtoul(length_at + 15, NULL, 10) : 0;
  int keyed = strcasestr(in->bytes, "x-bench-key: bench-secret-value-0001") != NULL;
  int is_post = !strncmp(in->bytes, "POST ", 5), is_count = !strncmp(in->bytes, "GET /count", 10);
  *end = '\r';
  char *body = end + 4;
  if (length > REQUEST_BYTES_MAX) return -1;
  if ((size_t)(in->bytes + in->length - body) < length) return 0;
  if (is_post) {
    char after = body[length];
    body[length] = 0;
    char token[128];
    if (!answer(body, keyed)) respond(fd, "202 Accepted", JSON, &nothing);
    else if (value_of(body, "\"progressToken\":", token, sizeof token)) respond_in_events(fd, token);
    else respond(fd, "200 OK", JSON, &reply);
    body[length] = after;
  } else if (is_count) {
    char text[96];
    snprintf(text, sizeof text, "{\"calls\":%ld,\"keyed\":%ld}", calls, keyed_calls);
    reply.length = 0;
    say(&reply, text);
    respond(fd, "200 OK", JSON, &reply);
  } else {
    respond(fd, "405 Method Not Allowed", JSON, &nothing);
  }
  return body + length - in->bytes;
}

static int receive(int epoll, int fd) {
  char bytes[65536];
  Buffer *in = &incoming[fd];
  ssize_t got = read(fd, bytes, sizeof bytes);
  if (got < 0) return errno == EAGAIN ? 0 : -1;
  if (got == 0) return -1;
  append(in, bytes, (size_t)got);
  for (long used; (used = serve(fd, in)) != 0;) {
    if (used < 0) return -1;
    in->length -= (size_t)used;
    memmove(in->bytes, in->bytes + used, in->length);
    in->bytes[in->length] = 0;
  }
  flush(epoll, fd);
  return 0;
}

static void drop(int fd) {
  close(fd);
  incoming[fd].length = outgoing[fd].length = 0;
}

static void accept_all(int epoll, int listener) {
  for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
    int one = 1;
    if (fd >= CONNECTIONS_MAX) {
      close(fd);
      continue;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  }
}

static int run_http(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), epoll = epoll_create1(0);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1024)) return 1;
  getsockname(listener, (struct sockaddr *)&address, &size);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  struct epoll_event events[256], event = {.events = EPOLLIN, .data.fd = listener};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int ready = epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) accept_all(epoll, listener);
      else if ((events[i].events & EPOLLIN) && receive(epoll, fd)) drop(fd);
      else if (events[i].events & EPOLLOUT) flush(epoll, fd);
      else if (events[i].events & (EPOLLHUP | EPOLLERR)) drop(fd);
    }
  }
}

static int run_stdio(void) {
  char *line = NULL;
  size_t room = 0;
  while (getline(&line, &room, stdin) > 0) {
    if (!answer(line, 0)) continue;
    say(&reply, "\n");
    fwrite(reply.bytes, 1, reply.length, stdout);
    fflush(stdout);
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  signal(SIGPIPE, SIG_IGN);
  prepare(atoi(argv[2]));
  return strcmp(argv[1], "stdio") ? run_http() : run_stdio();
}
