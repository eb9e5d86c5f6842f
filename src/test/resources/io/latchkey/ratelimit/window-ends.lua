local ends = {}
for i = 2, #ARGV do ends[#ends + 1] = window_end(ARGV[1], tonumber(ARGV[i])) end
return ends
