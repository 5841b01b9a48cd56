"""Settings to start from, each with a note on what to expect."""

from __future__ import annotations

import types

from wgan_core.config.fields import TrainConfig

_TOY = TrainConfig(
    dataset="8-gaussians",
    generator_norm="none",
    leaky_slope=0.0,
    latent_dim=2,
    generator_widths=(512, 512, 512),
    critic_widths=(512, 512, 512),
    batch_size=256,
    n_critic=5,
    max_steps=500_000,
)

_WGAN_PAPER = TrainConfig(
    dataset="cifar10", image_size=64, clip_value=0.01, n_critic=5, critic_warmup="original", batch_size=64, latent_dim=100, max_steps=19_550
)
_GP_PAPER = TrainConfig(
    architecture="dcgan",
    batchnorm_eps=1e-5,
    latent_dim=128,
    lipschitz="gradient-penalty",
    gp_lambda=10.0,
    n_critic=5,
    optimizer="adam",
    critic_lr=1e-4,
    generator_lr=1e-4,
    max_steps=1_000_000,
)

# Found by FD-CNN on Fashion-MNIST: 8 recipes after 178 s on one core each of a 16-core machine, and 5 more after 30 s of one core
# (seed 0). β1 = 0 in place of 0.5 gave 7.2 in place of 25.8 after 178 s; PyTorch's initialisation in place of N(0, 0.02²) 41.9 in
# place of 178 after 30 s, and with rates of 2e-3 in place of 1e-3 16.9. With β1 = 0.5, a width of 32, n_critic 2, λ 1, a batch size
# of 32 and the penalty at every fourth update gave 22 to 34 after 178 s.
_SHOWCASE = TrainConfig(
    dataset="fashion-mnist",
    image_size=28,
    architecture="dcgan",
    dcgan_width=16,
    batchnorm_eps=1e-5,
    lipschitz="gradient-penalty",
    n_critic=1,
    optimizer="adam",
    critic_lr=2e-3,
    generator_lr=2e-3,
    adam_beta1=0.0,
    adam_beta2=0.99,
    lr_schedule="linear",
    lr_end=0.0,
    ema_decay=0.99,
    latent_dim=64,
    max_steps=8_000,
)

# The numbers come from the sources. PRESET_NOTES says what to expect of each preset, as measured.
PRESETS: types.MappingProxyType[str, TrainConfig] = types.MappingProxyType(
    {
        # Found by measuring 22 combinations of settings on one core for 3, 6 and 12 s each: the sliced W1 to the real digits, and the share
        # of images that a classifier of real digits is sure of. Small networks, a small BatchNorm eps and high learning rates make it
        # quick.
        # At constant learning rates the critic dies: after 20,000 steps its steepest slope is 0.001 and the estimate is 0 within its noise
        # (seeds 0, 1, 2). Rates that fall to a twentieth keep it alive (slope 0.010 to 0.012) and make better images: FD-CNN 8.2, 8.8, 9.4
        # in place of 8.9, 25.9, 28.1 (docs/MEASUREMENTS.md), and sliced W1 .023, .026, .023 in place of .034, .037, .036.
        "quick-start": TrainConfig(
            dataset="digits",
            image_size=16,
            latent_dim=16,
            generator_widths=(128, 256),
            critic_widths=(256, 128),
            batchnorm_eps=0.1,
            clip_value=0.01,
            n_critic=3,
            critic_lr=3e-4,
            generator_lr=5e-4,
            lr_schedule="linear",
            threads=1,
            max_steps=20_000,
        ),
        "walkthrough": TrainConfig(dataset="fashion-mnist", max_steps=187_600),
        # The code behind the video calls the generator's zero_grad in the critic's step.
        "walkthrough-as-published": TrainConfig(dataset="fashion-mnist", critic_gradients="accumulated", max_steps=187_600),
        "pytorch-gan": TrainConfig(dataset="mnist", image_size=28, clip_value=0.01, n_critic=5, max_steps=187_600),
        "pytorch-gan-gp": TrainConfig(
            dataset="mnist",
            image_size=28,
            lipschitz="gradient-penalty",
            n_critic=5,
            optimizer="adam",
            critic_lr=2e-4,
            generator_lr=2e-4,
            adam_beta1=0.5,
            adam_beta2=0.999,
            max_steps=187_600,
        ),
        # The walkthrough's announced next step, with its mistakes fixed: one score per image at 32 px, no BatchNorm in the critic, fresh
        # images at each critic update.
        "walkthrough-next": TrainConfig(
            dataset="fashion-mnist",
            architecture="dcgan",
            critic_norm="layer",
            weight_init="normal",
            batchnorm_eps=1e-5,
            lipschitz="gradient-penalty",
            n_critic=5,
            optimizer="adam",
            critic_lr=2e-4,
            generator_lr=2e-4,
            adam_beta1=0.5,
            adam_beta2=0.999,
            batch_size=128,
            latent_dim=64,
            max_steps=50_000,
        ),
        "showcase": _SHOWCASE,
        # Tried on 2,000 drawn landscapes (tests/drawn_scenes.py) for 420 s of one core.
        "own-pictures": _SHOWCASE.replace(
            dataset="image-folder", image_size=64, batch_size=32, ema_decay=0.995, latent_dim=128, max_steps=3_000
        ),
        # The GAN that a WGAN is compared with: gan.py of PyTorch-GAN, whose networks are the walkthrough's, on the walkthrough's data.
        "gan": TrainConfig(
            dataset="fashion-mnist",
            objective="non-saturating",
            lipschitz="none",
            n_critic=1,
            optimizer="adam",
            critic_lr=2e-4,
            generator_lr=2e-4,
            adam_beta1=0.5,
            adam_beta2=0.999,
            max_steps=187_600,
        ),
        # Radford et al. 2016, arXiv 1511.06434, section 4 and figure 1; CIFAR-10 replaces LSUN bedrooms, 25 passes over it.
        "gan-dcgan": TrainConfig(
            dataset="cifar10",
            image_size=64,
            objective="non-saturating",
            lipschitz="none",
            architecture="dcgan",
            dcgan_width=128,
            critic_norm="batch",
            weight_init="normal",
            batchnorm_eps=1e-5,
            n_critic=1,
            optimizer="adam",
            critic_lr=2e-4,
            generator_lr=2e-4,
            adam_beta1=0.5,
            adam_beta2=0.999,
            batch_size=128,
            max_steps=9_750,
        ),
        # The toy code of the WGAN-GP paper's authors, and a clipped version that matches its `wgan` mode. Two things are left out: He
        # initialisation, and drawing new points for each batch.
        "wgan-gp-toy": _TOY.replace(
            lipschitz="gradient-penalty",
            gp_lambda=0.1,
            optimizer="adam",
            critic_lr=1e-4,
            generator_lr=1e-4,
            adam_beta1=0.5,
            adam_beta2=0.9,
        ),
        "wgan-toy": _TOY.replace(clip_value=0.01),
        # The WGAN authors' repository, martinarjovsky/WassersteinGAN, with its --mlp_G and --mlp_D at 512 units, and without them.
        # CIFAR-10, one of its data sets, replaces LSUN bedrooms.
        "wgan-paper-mlp": _WGAN_PAPER.replace(
            generator_widths=(512, 512, 512),
            critic_widths=(512, 512, 512),
            leaky_slope=0.0,
            generator_norm="none",
            generator_output="linear",
        ),
        "wgan-paper-dcgan": _WGAN_PAPER.replace(architecture="dcgan", critic_norm="batch", weight_init="normal", batchnorm_eps=1e-5),
        # The WGAN-GP authors' repository, igul222/improved_wgan_training: gan_mnist.py and gan_64x64.py. Their 200,000 generator updates
        # are 1,000,000 steps here.
        "wgan-gp-mnist": _GP_PAPER.replace(
            dataset="mnist", image_size=28, batch_size=50, generator_norm="none", adam_beta1=0.5, adam_beta2=0.9
        ),
        "wgan-gp-64": _GP_PAPER.replace(
            dataset="cifar10",
            image_size=64,
            architecture="resnet",
            weight_init="he",
            batch_size=64,
            critic_norm="layer",
            adam_beta1=0.0,
            adam_beta2=0.9,
        ),
        # The same repository's gan_cifar_resnet.py without its classes, the paper's unsupervised result.
        "wgan-gp-32": _GP_PAPER.replace(
            dataset="cifar10",
            image_size=32,
            architecture="resnet",
            resnet_width=128,
            weight_init="he",
            batch_size=64,
            critic_lr=2e-4,
            generator_lr=2e-4,
            lr_schedule="linear",
            lr_end=0.0,
            adam_beta1=0.0,
            adam_beta2=0.9,
            max_steps=500_000,
        ),
    }
)

PRESET_NOTES: types.MappingProxyType[str, str] = types.MappingProxyType(
    {
        "quick-start": "Small networks on 1,797 handwritten digits that come with the installation. On one core of a 2-core machine the "
        "first digits are recognisable after 5 s, and the whole run takes a minute. Both learning rates fall over the run, which keeps the "
        "clipped critic alive to the end: its steepest slope ends at 0.012, and the estimate at 0.0056 ± 0.0008 (seeds 0 and 1).",
        "walkthrough": "The video walkthrough's WGAN: MLPs, 32 × 32 px, clip 0.005, n_critic 25. 146 steps/s on one core of a 2-core "
        "machine: 21 minutes for the whole run. The two runs that come with the project, this recipe with n_critic 5, still had a living "
        "critic after 120,000 steps: the estimate was 0.013 ± 0.003 for digits and 0.014 ± 0.006 for clothes.",
        "walkthrough-as-published": "The walkthrough with the mistake of its published code: the critic's gradients are never reset to "
        "zero, so they pile up. After 1,000, 5,000 and 10,000 steps, 95, 96 and 97 % of the critic's weights are at ±c (0.99 c or more); "
        "in `walkthrough` it is 79, 35 and 64 %. After 10,600 steps (2 minutes on one core) `walkthrough` shows shirts, trousers and "
        "shoes, while this preset shows the same blot for every latent and its estimate has been below 0 since step 5,000 (seed 0). What "
        "is not reproduced: that code has 938 batches in an epoch, the last one incomplete, where there are 937 here; its count to "
        "n_critic restarts at each epoch; its generator reuses the critic's latents, where fresh ones are drawn here; its pictures show "
        "everything below mid-grey as black.",
        "pytorch-gan": "The WGAN of the PyTorch-GAN collection: the walkthrough's networks, 28 × 28 px, clip 0.01, n_critic 5. A similar "
        "run (32 px, clip 0.005) showed digits and clothes after 6,400 steps, about a minute on one core.",
        "pytorch-gan-gp": "PyTorch-GAN's WGAN-GP: the same networks, no clipping, gradient penalty with λ 10, Adam 2e-4. "
        "80 steps/s on one core. After 4,000 steps half of the slopes are above 1.2, the steepest is 1.6, and the estimate is 4.9 ± 0.4 "
        "(seed 0): the critic is as it should be. The original has 938 batches in an epoch, the last one incomplete, where there are 937 "
        "here, and its generator reuses the critic's latents, where fresh ones are drawn here: over three seeds neither showed an effect.",
        "walkthrough-next": "The walkthrough's announced next step, done right: convolutions and gradient penalty at 32 px. Meant for a "
        "GPU: one core does 1.5 steps/s, or 21 with DCGAN width 16 and batch size 64.",
        "showcase": "Small convolutions at 28 px, made to be quick: n_critic 1, a gradient penalty, Adam with β1 = 0, and learning rates "
        "that fall from 2e-3 to 0. The whole run takes 372 s of one core of a 2-core machine. Its FD-CNN is then 2.5 on Fashion-MNIST "
        "(1.6 ± 0.8 between real images) and 2.9 on MNIST (2.4 ± 0.7): the averaged generator, seed 0, on 8,000 images each. After 300 s "
        "of one core, `walkthrough` at 28 px has 31 on Fashion-MNIST.",
        "own-pictures": "The recipe of `showcase` for pictures of your own, in colour at 64 px. On 2,000 drawn landscapes with houses the "
        "whole run took 420 s of one core of a 2-core machine (seed 0). Sky, hills, sun and moon are then right, houses are blots, and a "
        "fine grid is left in the ground. The sliced W1 is 0.030 (0.023 ± 0.009 between real pictures), and 83 % of the real pictures have "
        "a generated one near them (97 %). Half-way in the same run it was 0.051 and 68 %. A run of 600 s (3,690 updates) has 85 %, one of "
        "an hour (25,023) 87 %: houses have windows and a roof by then, and the sliced W1 is that of real pictures. So raise the length "
        "of the run if there is time. More pictures, photographs and a GPU were not tried.",
        "gan": "An ordinary GAN to compare a WGAN with: the walkthrough's networks and data, the loss and the Adam 2e-4 of PyTorch-GAN's "
        "gan.py, one discriminator update for each generator update. On 8,000 pictures of clothes, after 30 s of one core (1,050 "
        "updates), FD-CNN is 183, 155 and 149 (seeds 0 to 2; 2 between real pictures), 9 of the 10 kinds occur, and clothes are speckled. "
        "WGAN-GP with the same networks, `pytorch-gan-gp` at 32 px, then has 48, 39 and 53 and all ten kinds. `walkthrough`, whose "
        "generator has moved 108 to 124 times by then, has 752 to 782: it is slower, and needs minutes.",
        "gan-dcgan": "The DCGAN paper's ordinary GAN: BatchNorm in both networks, 1,024 channels at 4 px, Adam 2e-4 with β1 0.5, batches "
        "of 128, on CIFAR-10 at 64 px instead of LSUN bedrooms. The paper draws latents uniformly, this project normally. Meant for a "
        "GPU, where it was not measured. To watch it on a CPU, take Fashion-MNIST at 32 px, DCGAN width 16 and batch size 64: after 30 s "
        "of one core (670 updates) FD-CNN is 117 and 95 for seeds 0 and 1 (2 between real pictures). With seed 2 it is 474, and nearly "
        "every picture shows stripes.",
        "wgan-gp-toy": "The WGAN-GP authors' toy: points on 8 narrow Gaussians, ReLU networks 3 × 512, λ 0.1. One core does 1,000 steps "
        "in 40 s. All eight are reached in the first 10 s. The exact W1 of 1,024 points is 0.21 after 1 minute and 0.12 after 6; after "
        "16,000 steps (11 minutes) it reaches 0.08, the value between two sets of real points. After 36,000 steps 97 % of the points lie "
        "within 3 sd of a mode. At so small a λ the penalty asks for slopes above 1: half are above 2.7 after 700 steps, above 1.7 after "
        "3,000. The whole run takes 5½ hours and is for a GPU.",
        "wgan-toy": "The same toy with weights clipped to ±0.01 and RMSprop 5e-5: 1,000 steps in 24 s on one core, but rougher. The exact "
        "W1 is 0.36 after half a minute and 0.2 after 2 minutes; from 5 minutes on it swings around 0.12, with 30 to 70 % of the points "
        "within 3 sd of a mode.",
        "wgan-paper-mlp": "The WGAN paper's MLPs, 3 × 512 ReLU, with no tanh at the end of the generator, on CIFAR-10 at 64 px instead of "
        "LSUN bedrooms. The critic gets 100 updates before each of the generator's first 25 updates, so there is little to see for the "
        "first 2,500 steps. 11 steps/s on one core: 4 minutes for those, half an hour for the whole run. Only the speed was measured, not "
        "the quality of the images.",
        "wgan-paper-dcgan": "The WGAN paper's DCGAN with BatchNorm in both networks, whose scales are clipped too, on CIFAR-10 at 64 px "
        "instead of LSUN bedrooms. The authors clip before the optimiser's step, this project after it; their convolutions have no "
        "biases. Meant for a GPU: one core does 0.85 steps/s, which is 50 minutes for the 2,500 steps of the warm-up and 6½ hours for the "
        "whole run. Only the speed was measured, not the quality of the images.",
        "wgan-gp-mnist": "The WGAN-GP authors' MNIST networks: no norm in either, batch size 50, 128 latent dimensions. Here the kernels "
        "are 4 wide and the generator ends in tanh, with pixels in [-1, 1]; theirs are 5 wide and end in a sigmoid, with pixels in [0, "
        "1]. Meant for a GPU: one core does 6 steps/s, nearly 2 days for the whole run, and after 850 steps (2½ minutes) there is only a "
        "pattern of dots.",
        "wgan-gp-64": "The WGAN-GP authors' 64 px experiment with their residual networks and initial weights: Adam with β1 = 0, layer "
        "norm in the critic, BatchNorm in the generator, CIFAR-10 instead of ImageNet. Meant for a GPU. To watch it on a CPU, take ResNet "
        "width 8 and batch size 16, which one core trains at 2.8 steps/s. Only the speed was measured, not the quality of the images.",
        "wgan-gp-32": "The WGAN-GP authors' residual networks for CIFAR-10 without its classes: no norm in the critic, Adam with β1 = 0, "
        "rates that fall to 0. Their generator's updates take 128 images, here as many as the critic's, 64; they also add a little noise "
        "to the pixels. Meant for a GPU; with ResNet width 16 one core does 4.5 steps/s. Only the speed was measured, not the quality of "
        "the images.",
    }
)
