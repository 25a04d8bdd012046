"""One of Chainrule's GPU workloads in PyTorch: prints a line of JSON as GpuTrainingProcess does.

  python3 torch_training.py MODE MODEL SIZES BATCH PRECISION RATE DEVICE WARM_UP BLOCKS STEPS

MODE is eager, compile, max-autotune or cuda-graph, MODEL mlp (sizes), gpt2 (blocks, width, heads, length, classes, padded),
resnet (size, classes, widths...) or lstm (layers, width, length, classes), PRECISION f32, tf32 or bf16. The same work: initial values of
the same distributions, AdamW, batches in the host's memory that take turns and are copied at every step, no wait but at
the ends of blocks. The status is 3 where a mode is not for this device.
"""
import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    """Layer norm first, exact gelu: Chainrule's TransformerBlock."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.linear1, self.linear2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        nn.init.xavier_uniform_(self.qkv.weight)
        nn.init.zeros_(self.qkv.bias)
        nn.init.zeros_(self.out.bias)

    def forward(self, x):
        b, t, w = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(b, t, 3, self.heads, w // self.heads).permute(2, 0, 3, 1, 4)
        x = x + self.out(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(b, t, w))
        return x + self.linear2(F.gelu(self.linear1(self.norm2(x))))


class Gpt2(nn.Module):
    def __init__(self, blocks, width, heads, length, classes, padded):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(padded, width), nn.Parameter(torch.randn(length, width) * 0.02)
        nn.init.normal_(self.wte.weight, std=0.02)
        self.blocks = nn.Sequential(*[Block(width, heads) for _ in range(blocks)])
        self.norm = nn.LayerNorm(width)

    def forward(self, x):
        y = self.norm(self.blocks(self.wte(x) + self.wpe))
        return F.linear(y, self.wte.weight).flatten(0, 1)


class Residual(nn.Module):
    def __init__(self, channels, width, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        same = stride == 1 and channels == width
        self.shortcut = nn.Identity() if same else nn.Sequential(nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x):
        return F.relu(self.shortcut(x) + self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))


class Lstm(nn.Module):
    def __init__(self, layers, width, length, classes):
        super().__init__()
        self.embedding = nn.Embedding(classes, width)
        self.lstm = nn.LSTM(width, width, layers, batch_first=True)
        self.output = nn.Linear(width, classes)

    def forward(self, x):
        return self.output(self.lstm(self.embedding(x))[0]).flatten(0, 1)


def model_of(name, sizes):
    """The network, the shape of an example, the classes, whether examples are texts."""
    if name == "mlp":
        layers = [nn.Linear(sizes[0], sizes[1])]
        for i in range(1, len(sizes) - 1):
            layers += [nn.ReLU(), nn.Linear(sizes[i], sizes[i + 1])]
        return nn.Sequential(*layers), (sizes[0],), sizes[-1], False
    if name == "gpt2":
        return Gpt2(*sizes), (sizes[3],), sizes[4], True
    if name == "resnet":
        size, classes, widths = sizes[0], sizes[1], sizes[2:]
        layers = [nn.Conv2d(3, widths[0], 3, 1, 1, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU()]
        channels = widths[0]
        for stage, width in enumerate(widths):
            layers += [Residual(channels, width, 1 if stage == 0 else 2), Residual(width, width, 1)]
            channels = width
        layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)]
        return nn.Sequential(*layers), (3, size, size), classes, False
    if name == "lstm":
        return Lstm(*sizes), (sizes[2],), sizes[3], True
    raise SystemExit("no model " + name)


def main():
    mode, name, sizes, batch, precision, rate, device, warm_up, blocks, steps = sys.argv[1:]
    batch, warm_up, blocks, steps = int(batch), int(warm_up), int(blocks), int(steps)
    cuda = device.startswith("cuda")
    if mode == "cuda-graph" and not cuda:
        print("CUDA graphs are for CUDA", file=sys.stderr)
        raise SystemExit(3)
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.benchmark = True
    model, shape, classes, texts = model_of(name, [int(s) for s in sizes.split(",")])
    model = model.to(device)
    if name == "resnet":
        model = model.to(memory_format=torch.channels_last)
    parameters = sum(p.numel() for p in model.parameters())
    optimizer = torch.optim.AdamW(model.parameters(), lr=float(rate), weight_decay=0.01, fused=cuda, capturable=cuda)

    def host(tensor):
        return tensor.pin_memory() if cuda else tensor

    labels = batch * (shape[0] if texts else 1)
    inputs = [host(torch.randint(classes, (batch, *shape)) if texts else torch.rand(batch, *shape)) for _ in range(4)]
    targets = [host(torch.randint(classes, (labels,))) for _ in range(4)]
    x, y = inputs[0].to(device), targets[0].to(device)
    if name == "resnet":
        x = x.contiguous(memory_format=torch.channels_last)

    def forward(x, y):
        with torch.autocast("cuda" if cuda else "cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
            logits = model(x)
        return F.cross_entropy(logits.float(), y)

    if mode in ("compile", "max-autotune"):
        forward = torch.compile(forward, mode="max-autotune" if mode == "max-autotune" else "default")

    def train():
        optimizer.zero_grad(set_to_none=True)
        loss = forward(x, y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    graph, captured = None, None
    turn = 0

    def step():
        nonlocal turn
        x.copy_(inputs[turn], non_blocking=True)
        y.copy_(targets[turn], non_blocking=True)
        turn = (turn + 1) % len(inputs)
        if graph is None:
            return train()
        graph.replay()
        return captured

    first = step().item()
    if mode == "cuda-graph":
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                train()
        torch.cuda.current_stream().wait_stream(side)
        optimizer.zero_grad(set_to_none=True)
        made = torch.cuda.CUDAGraph()
        with torch.cuda.graph(made):
            captured = train()
        graph = made
    for _ in range(warm_up):
        loss = step()
    loss.item()
    seconds = []
    for _ in range(blocks):
        start = time.perf_counter()
        for _ in range(steps):
            loss = step()
        loss.item()
        seconds.append((time.perf_counter() - start) / steps)
    while turn != 0:
        step()
    last = step().item()
    print(json.dumps({
        "library": "torch " + torch.__version__ + " " + mode,
        "parameters": parameters,
        "firstLoss": first,
        "lastLoss": last,
        "stepSeconds": seconds,
        "peakBytes": torch.cuda.max_memory_allocated() if cuda else 0,
    }))


main()
