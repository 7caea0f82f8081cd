/* A Video4Linux camera that is not there: preloaded into a process, it answers for /dev/video0, so that tests drive
 * the whole path through the v4l crate without a device or a kernel module.
 *
 * FAKECAM_MODES  "YUYV:1280x720:30,MJPG:640x480:15": what it offers; the first is what it is set to
 * FAKECAM_JPEG   the file it sends in MJPG modes; elsewhere the left half is red and the right half is blue
 * FAKECAM_FAULT  stall | unplug | busy | denied
 * FAKECAM_AFTER  frames before the fault, FAKECAM_FOR its milliseconds (0: for ever)
 *
 * As with a real driver, buffers cannot be requested while streaming, and the format cannot change while there are any. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { BUFFERS = 4, BUFFER_BYTES = 8 << 20 /* whole pages */, MODES = 16 };

struct mode { __u32 fourcc, width, height, fps; };

static struct mode modes[MODES];
static int mode_count, current, device = -1, buffers, streaming, queue[BUFFERS], queued;
static long frames, next_frame_ms, fault_began_ms = -1;
static int fault_over;
static unsigned char *memory;

static int (*real_open)(const char *, int, ...);
static int (*real_poll)(struct pollfd *, nfds_t, int);
static long (*real_syscall)(long, ...);

static const char *setting(const char *name, const char *otherwise) {
    const char *value = getenv(name);
    return value ? value : otherwise;
}

static long now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

__attribute__((constructor)) static void prepare(void) {
    if (real_syscall) return;
    real_open = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
    real_poll = (int (*)(struct pollfd *, nfds_t, int))dlsym(RTLD_NEXT, "poll");
    real_syscall = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    char *list = strdup(setting("FAKECAM_MODES", "YUYV:1280x720:30")), *rest = 0;
    for (char *item = strtok_r(list, ",", &rest); item && mode_count < MODES; item = strtok_r(0, ",", &rest)) {
        struct mode *m = &modes[mode_count++];
        m->fourcc = v4l2_fourcc(item[0], item[1], item[2], item[3]);
        sscanf(item + 5, "%ux%u:%u", &m->width, &m->height, &m->fps);
    }
    free(list);
}

static int fault(const char *name) {
    if (fault_over || strcmp(setting("FAKECAM_FAULT", ""), name) || frames < atol(setting("FAKECAM_AFTER", "0"))) return 0;
    long limit = atol(setting("FAKECAM_FOR", "0"));
    if (fault_began_ms < 0) fault_began_ms = now_ms();
    if (limit && now_ms() - fault_began_ms >= limit) fault_over = 1;
    return !fault_over;
}

static int refuse(int error) {
    errno = error;
    return -1;
}

static int open_device(void) {
    if (fault("unplug")) return refuse(ENOENT);
    if (fault("denied")) return refuse(EACCES);
    device = memfd_create("fakecam", 0);
    if (device < 0 || ftruncate(device, (long)BUFFERS * BUFFER_BYTES)) return -1;
    memory = mmap(0, (long)BUFFERS * BUFFER_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, device, 0);
    buffers = streaming = queued = 0;
    return device;
}

int open(const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    int bits = va_arg(list, int);
    va_end(list);
    prepare();
    return strcmp(path, "/dev/video0") ? real_open(path, flags, bits) : open_device();
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));

/* Returns when the next frame is due, or never. */
int poll(struct pollfd *fds, nfds_t count, int timeout) {
    prepare();
    if (device < 0 || count != 1 || fds->fd != device) return real_poll(fds, count, timeout);
    while (fault("stall")) usleep(10000);
    if (fault("unplug") || !streaming) {
        fds->revents = POLLERR;
        return 1;
    }
    long wait = next_frame_ms - now_ms();
    if (wait > 0) usleep(wait * 1000);
    next_frame_ms = now_ms() + 1000 / modes[current].fps;
    fds->revents = fds->events;
    return 1;
}

static unsigned image_bytes(const struct mode *m) {
    unsigned pixels = m->width * m->height;
    return m->fourcc == V4L2_PIX_FMT_NV12 ? pixels * 3 / 2 : pixels * 2;
}

static unsigned fill(unsigned char *to) {
    static const unsigned char red[3] = {81, 90, 240}, blue[3] = {41, 240, 110};
    const struct mode *m = &modes[current];
    if (m->fourcc == V4L2_PIX_FMT_MJPEG) {
        FILE *file = fopen(setting("FAKECAM_JPEG", ""), "rb");
        unsigned bytes = file ? fread(to, 1, image_bytes(m), file) : 0;
        if (file) fclose(file);
        memset(to + bytes, 0xd8, 1000); /* what an older, larger picture left behind */
        return bytes;
    }
    for (unsigned y = 0; y < m->height; y++)
        for (unsigned x = 0; x < m->width; x++) {
            const unsigned char *c = x < m->width / 2 ? red : blue;
            unsigned at = y * m->width + x;
            if (m->fourcc == V4L2_PIX_FMT_YUYV) {
                to[2 * at] = c[0];
                to[2 * at + 1] = c[1 + x % 2];
            } else {
                to[at] = c[0];
                if (y % 2 == 0) to[m->width * m->height + y / 2 * m->width + x] = c[1 + x % 2];
            }
        }
    return image_bytes(m);
}

/* The n-th distinct mode, looking at as many of its fields as are asked for. */
static struct mode *nth(unsigned n, int fields, __u32 fourcc, __u32 width, __u32 height) {
    for (int i = 0; i < mode_count; i++) {
        struct mode *m = &modes[i];
        int seen = 0;
        if ((fields > 1 && m->fourcc != fourcc) || (fields > 2 && (m->width != width || m->height != height))) continue;
        for (int j = 0; j < i; j++) {
            struct mode *o = &modes[j];
            seen |= o->fourcc == m->fourcc && (fields < 2 || (o->width == m->width && o->height == m->height)) &&
                    (fields < 3 || o->fps == m->fps);
        }
        if (!seen && n-- == 0) return m;
    }
    errno = EINVAL;
    return 0;
}

static void choose(__u32 fourcc, __u32 width, __u32 height, __u32 fps) {
    for (int i = 0; i < mode_count; i++) {
        struct mode *m = &modes[i];
        if (m->fourcc == fourcc && m->width == width && m->height == height && (!fps || m->fps == fps)) {
            current = i;
            return;
        }
    }
}

static int dequeue(struct v4l2_buffer *buffer) {
    if (!queued) return refuse(EAGAIN);
    buffer->index = queue[0];
    memmove(queue, queue + 1, --queued * sizeof *queue);
    buffer->bytesused = fill(memory + (long)buffer->index * BUFFER_BYTES);
    buffer->sequence = frames++;
    return 0;
}

static int control(unsigned request, void *argument) {
    struct v4l2_capability *capability = argument;
    struct v4l2_fmtdesc *format_name = argument;
    struct v4l2_frmsizeenum *size = argument;
    struct v4l2_frmivalenum *interval = argument;
    struct v4l2_format *format = argument;
    struct v4l2_streamparm *parameters = argument;
    struct v4l2_requestbuffers *wanted = argument;
    struct v4l2_buffer *buffer = argument;
    struct mode *m;
    if (fault("unplug")) return refuse(ENODEV);
    switch (request) {
    case VIDIOC_QUERYCAP:
        memset(capability, 0, sizeof *capability);
        strcpy((char *)capability->driver, "fakecam");
        strcpy((char *)capability->card, "Fake camera");
        capability->capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
        return 0;
    case VIDIOC_ENUM_FMT:
        if (!(m = nth(format_name->index, 1, 0, 0, 0))) return -1;
        format_name->pixelformat = m->fourcc;
        return 0;
    case VIDIOC_ENUM_FRAMESIZES:
        if (!(m = nth(size->index, 2, size->pixel_format, 0, 0))) return -1;
        size->type = V4L2_FRMSIZE_TYPE_DISCRETE;
        size->discrete.width = m->width;
        size->discrete.height = m->height;
        return 0;
    case VIDIOC_ENUM_FRAMEINTERVALS:
        if (!(m = nth(interval->index, 3, interval->pixel_format, interval->width, interval->height))) return -1;
        interval->type = V4L2_FRMIVAL_TYPE_DISCRETE;
        interval->discrete = (struct v4l2_fract){1, m->fps};
        return 0;
    case VIDIOC_S_FMT:
        if (buffers) return refuse(EBUSY);
        choose(format->fmt.pix.pixelformat, format->fmt.pix.width, format->fmt.pix.height, 0);
        /* fall through */
    case VIDIOC_G_FMT:
        m = &modes[current];
        format->fmt.pix.width = m->width;
        format->fmt.pix.height = m->height;
        format->fmt.pix.pixelformat = m->fourcc;
        format->fmt.pix.sizeimage = image_bytes(m);
        format->fmt.pix.bytesperline = m->width * 2;
        format->fmt.pix.field = V4L2_FIELD_NONE;
        return 0;
    case VIDIOC_S_PARM:
        m = &modes[current];
        if (parameters->parm.capture.timeperframe.numerator == 1)
            choose(m->fourcc, m->width, m->height, parameters->parm.capture.timeperframe.denominator);
        /* fall through */
    case VIDIOC_G_PARM:
        parameters->parm.capture.timeperframe = (struct v4l2_fract){1, modes[current].fps};
        return 0;
    case VIDIOC_REQBUFS:
        if (fault("busy") || (streaming && wanted->count)) return refuse(EBUSY);
        if (wanted->count > BUFFERS) wanted->count = BUFFERS;
        buffers = wanted->count;
        return 0;
    case VIDIOC_QUERYBUF:
        buffer->length = BUFFER_BYTES;
        buffer->m.offset = buffer->index * BUFFER_BYTES;
        return 0;
    case VIDIOC_QBUF:
        if (queued == BUFFERS) return refuse(EINVAL);
        queue[queued++] = buffer->index;
        return 0;
    case VIDIOC_DQBUF:
        return dequeue(buffer);
    case VIDIOC_STREAMON:
        streaming = 1;
        return 0;
    case VIDIOC_STREAMOFF:
        streaming = queued = 0;
        return 0;
    }
    return refuse(ENOTTY);
}

/* The v4l crate calls ioctl through syscall. */
long syscall(long number, ...) {
    va_list list;
    va_start(list, number);
    long a = va_arg(list, long), b = va_arg(list, long), c = va_arg(list, long);
    long d = va_arg(list, long), e = va_arg(list, long), f = va_arg(list, long);
    va_end(list);
    prepare();
    if (number == SYS_ioctl && device >= 0 && (int)a == device) return control((unsigned)b, (void *)c);
    return real_syscall(number, a, b, c, d, e, f);
}
