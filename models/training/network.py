"""The plate detector's network: a small U-shaped convolutional net on gray frames."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

HEIGHT, WIDTH = 288, 384  # of the input; fixed, so that the exported graph has no shape arithmetic
STRIDE = 8  # input pixels per cell of the output grid
ROWS, COLUMNS = HEIGHT // STRIDE, WIDTH // STRIDE
WIDTHS = (32, 64, 96, 128)  # channels at strides 4, 8, 16 and 32
NECK = 64
HEAD = 32
MEAN, SPREAD = 114.0, 64.0  # 114 is the letterbox fill, which so becomes zero


def conv(channels: int, out: int, kernel: int = 3, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Convolution, batch norm, ReLU; ReLU because it survives 8-bit quantisation."""
    layer = nn.Conv2d(channels, out, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(out), nn.ReLU(inplace=True))


class Residual(nn.Module):
    """One 3x3 convolution around which the input is added."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = conv(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape [N, C, h, w]."""
        return x + self.body(x)


class Wide(nn.Module):
    """A depthwise 5x5 and a pointwise convolution: reach for plates that fill the frame, at little cost."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(conv(channels, channels, 5, groups=channels), conv(channels, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape [N, C, h, w]."""
        return x + self.body(x)


def unshuffle(image: Tensor) -> Tensor:
    """Pixel-unshuffle by four: [N, 288, 384] to [N, 16, 72, 96], still in bytes, which are cheap to move."""
    blocks = image.reshape(-1, HEIGHT // 4, 4, WIDTH // 4, 4)
    return blocks.permute(0, 2, 4, 1, 3).reshape(-1, 16, HEIGHT // 4, WIDTH // 4)


class Backbone(nn.Module):
    """Pixel-unshuffle stem and four stages; returns features at strides 8, 16 and 32."""

    def __init__(self) -> None:
        super().__init__()
        a, b, c, d = WIDTHS
        self.stem = nn.Sequential(conv(16, a), Residual(a))
        self.stage8 = nn.Sequential(conv(a, b, stride=2), Residual(b))
        self.stage16 = nn.Sequential(conv(b, c, stride=2), Residual(c), Residual(c))
        self.stage32 = nn.Sequential(conv(c, d, stride=2), Residual(d), Wide(d), Wide(d))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Image uint8 [N, 288, 384]."""
        x = (unshuffle(image).float() - MEAN) / SPREAD
        eighth = self.stage8(self.stem(x))
        sixteenth = self.stage16(eighth)
        return eighth, sixteenth, self.stage32(sixteenth)


class Detector(nn.Module):
    """Backbone, top-down neck and three heads on the stride-8 grid (the mask head only helps training)."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = Backbone()
        self.lateral = nn.ModuleList([nn.Conv2d(width, NECK, 1) for width in WIDTHS[1:]])
        self.mix = conv(NECK, NECK, 3, groups=NECK)
        self.head = conv(NECK, HEAD)
        self.score = nn.Conv2d(HEAD, 1, 1)
        self.shape = nn.Conv2d(HEAD, 9, 1)
        self.mask = nn.Conv2d(HEAD, 1, 1)
        nn.init.constant_(self.score.bias, -4.0)  # plates are rare: start from about 2 %
        x, y = torch.arange(COLUMNS) + 0.5, torch.arange(ROWS) + 0.5
        centres = torch.stack(torch.meshgrid(x * STRIDE, y * STRIDE, indexing="xy"), dim=-1)
        self.register_buffer("centres", centres[:, :, None], persistent=False)

    def features(self, image: Tensor) -> Tensor:
        """Fused features [N, HEAD, H/8, W/8]."""
        eighth, sixteenth, last = self.backbone(image)
        top = F.interpolate(self.lateral[2](last), scale_factor=2.0, mode="nearest")
        middle = self.mix(top + self.lateral[1](sixteenth))
        return self.head(F.interpolate(middle, scale_factor=2.0, mode="nearest") + self.lateral[0](eighth))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Score logits [N, h, w], corners [N, h, w, 4, 2] in input pixels, mask logits [N, h, w]; h 36, w 48."""
        x = self.features(image)
        shape = self.shape(x).float()
        return self.score(x).float()[:, 0], offsets_of(shape) + self.centres, self.mask(x).float()[:, 0]


def offsets_of(shape: Tensor) -> Tensor:
    """Corners [N, h, w, 4, 2] relative to the cell's centre: eight numbers in units of a predicted size, the ninth."""
    size = torch.exp(shape[:, 8:9].clamp(-3.0, 4.0)) * STRIDE
    return (shape[:, :8] * size).permute(0, 2, 3, 1).reshape(-1, ROWS, COLUMNS, 4, 2)


class Exported(nn.Module):
    """The network as the camera runs it: uint8 frames in, probabilities and corner pixels out."""

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Image uint8 [N, H, W]; score [N, h, w] in 0..1, corners [N, h, w, 4, 2] in input pixels."""
        logits, corners, _ = self.detector(image)
        return torch.sigmoid(logits), corners
