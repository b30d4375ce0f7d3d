// The nine functions of libarchive that Tesseract is linked with. Without a reader it takes language data as a plain file.
#include <stddef.h>
#include <sys/types.h>

enum { ARCHIVE_FATAL = -30 };

void *archive_read_new(void) { return NULL; }
int archive_read_free(void *reader) { (void)reader; return 0; }
int archive_read_support_filter_all(void *reader) { (void)reader; return ARCHIVE_FATAL; }
int archive_read_support_format_all(void *reader) { (void)reader; return ARCHIVE_FATAL; }
int archive_read_open_filename(void *reader, const char *name, size_t block) {
    (void)reader; (void)name; (void)block;
    return ARCHIVE_FATAL;
}
int archive_read_next_header(void *reader, void **entry) { (void)reader; (void)entry; return ARCHIVE_FATAL; }
ssize_t archive_read_data(void *reader, void *data, size_t size) {
    (void)reader; (void)data; (void)size;
    return ARCHIVE_FATAL;
}
const char *archive_entry_pathname(void *entry) { (void)entry; return NULL; }
long long archive_entry_size(void *entry) { (void)entry; return 0; }
