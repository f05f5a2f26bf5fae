# Untried: written on Linux, without Homebrew; only its syntax was checked.
#
# For a tap, replace OWNER, VERSION, and SHA256 by what `shasum --algorithm 256` prints for
# comenq-VERSION.tar.gz, which scripts/build makes. The archive is attached to the release.
class Comenq < Formula
  desc "Outbox for GitHub comments: durable, paced, posted exactly once"
  homepage "https://github.com/OWNER/comenq"
  url "https://github.com/OWNER/comenq/releases/download/vVERSION/comenq-VERSION.tar.gz"
  sha256 "SHA256"
  license "ISC"

  # Homebrew rewrites paths in libraries, for which those of rpds-py's wheel have no room.
  depends_on "rust" => :build
  depends_on "python@3.13"

  def install
    system "python3.13", "-m", "venv", libexec
    pip = [libexec/"bin/python", "-m", "pip", "install"]
    system(*pip, "--require-hashes", "--no-binary=rpds-py", "--requirement=requirements.txt")
    system "python3.13", "-m", "venv", "build"
    system "build/bin/pip", "install", "--require-hashes", "--requirement=requirements-build.txt"
    system "build/bin/pip", "wheel", "--no-build-isolation", "--no-deps", "--wheel-dir=wheel", "."
    system(*pip, "--no-deps", *Dir["wheel/comenq-*.whl"])
    bin.install_symlink libexec/"bin/comenq", libexec/"bin/comenqd"
    share = libexec/"share"
    [1, 5, 7, 8].each { |n| (man/"man#{n}").install_symlink Dir[share/"man/man#{n}/*"] }
    bash_completion.install_symlink Dir[share/"bash-completion/completions/*"]
    zsh_completion.install_symlink Dir[share/"zsh/site-functions/*"]
    fish_completion.install_symlink Dir[share/"fish/vendor_completions.d/*"]
  end

  def caveats
    <<~EOS
      To start the daemon, and again after each upgrade:
        comenqd setup
    EOS
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/comenq --version")
  end
end
