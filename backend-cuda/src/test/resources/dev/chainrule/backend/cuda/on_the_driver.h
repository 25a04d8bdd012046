// What the stand-ins for NVIDIA's libraries share: the stand-in for the driver, on which they run, and the formats of floats.

#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <vector>

typedef int Status;
typedef unsigned long long Address;
struct Stream;
extern "C" Status stand_in_usable();
extern "C" bool stand_in_has(Address at, size_t bytes);
extern "C" Status stand_in_enqueue(Stream *stream, std::function<Status()> *work);
extern "C" bool stand_in_fails(const char *what);
extern "C" long stand_in_setting(const char *what);
extern "C" void stand_in_note(const char *what, long change);

#define EXPORTED extern "C" __attribute__((visibility("default")))

static inline float ofBits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}
static inline uint32_t bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}
static inline float ofBrain(uint16_t bits) { return ofBits((uint32_t)bits << 16); }
static inline uint16_t brain(float value) {
  uint32_t wide = bits(value);
  return std::isnan(value) ? 0x7fff : (uint16_t)((wide + 0x7fff + (wide >> 16 & 1)) >> 16);
}
static inline float tf32(float value) { return std::isfinite(value) ? ofBits((bits(value) + 0x1000) & ~0x1fffU) : value; }
