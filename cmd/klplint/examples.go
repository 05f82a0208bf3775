package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// examples are those of the help and the man pages, by command. They are set
// where the whole command line is described, and cost nothing elsewhere.
func examples() map[string]string {
	return map[string]string{
		"klplint": `klplint livepatch-fix.ko
klplint --against released/ out/*.ko
klplint --kernel linux-image-6.12.deb --require kernel livepatch-fix.ko
klplint --only KLP208 --group-by rule out/
klplint - < livepatch-fix.ko`,
		"klplint lint": `klplint lint --statistics out/
klplint lint --format text --format sarif=report.sarif --allow-empty out/`,
		"klplint dump": `klplint dump --format table livepatch-fix.ko
klplint dump --format manifest livepatch-fix.ko`,
		"klplint trace": `klplint trace klp-1.ko klp-2.ko
klplint trace --plan plan.yaml --model all --format svg=picture.svg`,
		"klplint diff":    `klplint diff --kernel none livepatch-1.ko livepatch-2.ko`,
		"klplint matrix":  `klplint matrix --kernel none --group-by 're:(.*)_k[0-9]+' out/`,
		"klplint kernel":  "klplint kernel /boot/vmlinuz-6.12.0 /lib/modules/6.12.0\nklplint kernel --lookup ext4:ext4_iget,2 linux-image-6.12.deb",
		"klplint rules":   `klplint rules --format json`,
		"klplint config":  `klplint config init`,
		"klplint hook":    `klplint hook install`,
		"klplint gate":    "klplint gate --owner kernel-team --kernel linux-image-6.12.deb livepatch-fix.ko\nklplint gate --dry-run livepatch-fix.ko",
		"klplint version": `klplint version --format json`,

		"klplint completion":            `klplint completion bash > /etc/bash_completion.d/klplint`,
		"klplint completion bash":       `klplint completion bash > /etc/bash_completion.d/klplint`,
		"klplint completion fish":       `klplint completion fish > ~/.config/fish/completions/klplint.fish`,
		"klplint completion powershell": `klplint completion powershell | Out-String | Invoke-Expression`,
		"klplint completion zsh":        `klplint completion zsh > "${fpath[1]}/_klplint"`,

		"klplint config show":   `klplint config show`,
		"klplint config verify": `klplint config verify team.yaml`,
		"klplint config init":   `klplint config init`,
		"klplint config schema": `klplint config schema`,
		"klplint hook install":  `klplint hook install`,
		"klplint hook print":    `klplint hook print`,
		"klplint hook remove":   `klplint hook remove`,

		"klplint registry":          `klplint registry list --state active`,
		"klplint registry init":     `klplint registry init`,
		"klplint registry add":      `klplint registry add --state active released/*.ko`,
		"klplint registry retire":   `klplint registry retire livepatch_old`,
		"klplint registry activate": `klplint registry activate livepatch_fix`,
		"klplint registry list":     `klplint registry list --state active --format table`,
		"klplint registry show":     `klplint registry show livepatch_fix`,
		"klplint registry find":     `klplint registry find --func vmlinux:tcp_sendmsg`,
		"klplint registry log":      `klplint registry log livepatch_fix`,
		"klplint registry check":    `klplint registry check`,
		"klplint registry remove":   `klplint registry remove livepatch_mistake`,
		"klplint registry export":   `klplint registry export > backup.jsonl`,
		"klplint registry import":   `klplint registry import backup.jsonl`,
		"klplint registry verify":   `klplint registry verify`,
		"klplint registry site":     `klplint registry site --out public/livepatches`,
	}
}

// setExamples gives each command below root its examples.
func setExamples(root *cobra.Command) {
	all := examples()
	var each func(*cobra.Command)
	each = func(cmd *cobra.Command) {
		if text := all[cmd.CommandPath()]; text != "" && cmd.Example == "" {
			cmd.Example = "  " + strings.ReplaceAll(text, "\n", "\n  ")
		}
		for _, sub := range cmd.Commands() {
			each(sub)
		}
	}
	each(root)
}
