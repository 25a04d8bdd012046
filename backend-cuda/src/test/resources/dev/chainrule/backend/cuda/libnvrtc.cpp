// Stands in for NVRTC: has g++ compile CUDA C++ for the stand-in of the driver. A cubin is a shared object.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#ifndef PRELUDE
#error PRELUDE names cuda_on_host.h
#endif

enum { SUCCESS = 0, OUT_OF_MEMORY = 1, INVALID_INPUT = 3, INVALID_OPTION = 5, COMPILATION = 6, INTERNAL = 11 };

struct Program {
  std::string source, log, cubin;
};

static std::string content(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream all;
  all << file.rdbuf();
  return all.str();
}

// Each kernel with what calls it; without barriers its threads need not be fibers.
static std::string callable(const std::string &source) {
  std::string more;
  static const std::regex kernel("void\\s+(\\w+)\\s*\\(");
  static const char begin[] = "KERNEL(";
  for (size_t at = 0; at < source.size();) {
    size_t line = source.find('\n', at);
    line = line == std::string::npos ? source.size() : line;
    std::string text = source.substr(at, line - at);
    bool global = text.find(begin) != std::string::npos || text.find("__global__ ") != std::string::npos;
    std::smatch found;
    if (global && text.rfind("#define", 0) != 0 && std::regex_search(text, found, kernel)) {
      more += "CALLABLE_ON_HOST(" + found[1].str() + ")\n";
    }
    at = line + 1;
  }
  return more;
}

extern "C" {

// A version that NVIDIA's will not have: what it compiles is for no card.
int nvrtcVersion(int *major, int *minor) {
  *major = 13;
  *minor = 99;
  return SUCCESS;
}

const char *nvrtcGetErrorString(int status) {
  switch (status) {
    case SUCCESS: return "NVRTC_SUCCESS";
    case INVALID_OPTION: return "NVRTC_ERROR_INVALID_OPTION";
    case COMPILATION: return "NVRTC_ERROR_COMPILATION";
    default: return "NVRTC_ERROR_INTERNAL_ERROR";
  }
}

int nvrtcCreateProgram(Program **out, const char *source, const char *, int headers, const char *const *, const char *const *) {
  if (headers != 0) {
    return INVALID_INPUT;
  }
  *out = new Program{source, "", ""};
  return SUCCESS;
}

int nvrtcDestroyProgram(Program **program) {
  delete *program;
  *program = nullptr;
  return SUCCESS;
}

int nvrtcCompileProgram(Program *program, int options, const char *const *option) {
  bool architecture = false;
  for (int i = 0; i < options; i++) {
    std::string text = option[i];
    architecture = architecture || text.rfind("--gpu-architecture=sm_", 0) == 0;
  }
  if (!architecture) {
    return INVALID_OPTION;
  }
  char folder[] = "/tmp/chainrule-stand-in-XXXXXX";
  if (mkdtemp(folder) == nullptr) {
    return INTERNAL;
  }
  std::string base = folder;
  std::ofstream(base + "/kernels.cpp") << "#include \"" PRELUDE "\"\n#line 1 \"kernels.cu\"\n" << program->source << callable(program->source);
  // Sorting compares each element with each: the one kernel that is worth more time of the compiler's.
  std::string level = program->source.find(" sort_") == std::string::npos ? "-O1" : "-O3 -march=native -fno-trapping-math";
  std::string command = "g++ -std=c++20 " + level + " -fno-strict-aliasing -ffp-contract=off -fno-math-errno -w -fvisibility=hidden -shared -fPIC"
      " -o " + base + "/cubin " + base + "/kernels.cpp -lm > " + base + "/log 2>&1";
  int status = system(command.c_str());
  program->log = content(base + "/log");
  program->cubin = content(base + "/cubin");
  for (const char *file : {"/kernels.cpp", "/cubin", "/log"}) {
    remove((base + file).c_str());
  }
  remove(folder);
  return status == 0 ? SUCCESS : COMPILATION;
}

int nvrtcGetProgramLogSize(Program *program, size_t *bytes) {
  *bytes = program->log.size() + 1;
  return SUCCESS;
}

int nvrtcGetProgramLog(Program *program, char *log) {
  memcpy(log, program->log.c_str(), program->log.size() + 1);
  return SUCCESS;
}

int nvrtcGetCUBINSize(Program *program, size_t *bytes) {
  *bytes = program->cubin.size();
  return SUCCESS;
}

int nvrtcGetCUBIN(Program *program, char *cubin) {
  memcpy(cubin, program->cubin.data(), program->cubin.size());
  return SUCCESS;
}
}
